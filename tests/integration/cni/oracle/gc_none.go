//go:build !libcni_gc
// +build !libcni_gc

package main

import (
	"errors"

	"github.com/containernetworking/cni/libcni"
)

// libcni before 1.2.0 has no GC.
func collectGarbage(*libcni.CNIConfig, *libcni.NetworkConfigList, [][2]string) error {
	return errors.New("this libcni has no GC")
}
