//go:build libcni_gc
// +build libcni_gc

package main

import (
	"context"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/types"
)

func collectGarbage(cni *libcni.CNIConfig, list *libcni.NetworkConfigList, valid [][2]string) error {
	attachments := []types.GCAttachment{}
	for _, attachment := range valid {
		attachments = append(attachments, types.GCAttachment{ContainerID: attachment[0], IfName: attachment[1]})
	}
	return cni.GCNetworkList(context.Background(), list, &libcni.GCArgs{ValidAttachments: attachments})
}
