// The reference for our model of libcni: does with the packaged libcni what the test asks for, and says
// what came of it. Reads one JSON request from standard input, writes one JSON answer.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/version"
)

type operation struct {
	Op    string // "load", "add", "check", "del", "gc", "write", "conf", "list", "result"
	File  string // load, add, check, del, gc: the configuration file; write: what is written
	Bytes []byte
	// result: decode as this version, then convert to another
	Version string
	To      string
	// add, check, del
	ID, NetNS, IfName string
	Args              [][2]string
	Capabilities      map[string]interface{}
	Valid             [][2]string // gc: container id and interface
}

type request struct {
	PluginDir  string
	CacheDir   string
	Operations []operation
}

type answer struct {
	Error  string
	Output string
	Files  map[string][]byte // the cache after the operation
}

func load(file string) (*libcni.NetworkConfigList, error) {
	if filepath.Ext(file) == ".conflist" {
		return libcni.ConfListFromFile(file)
	}
	conf, err := libcni.ConfFromFile(file)
	if err != nil {
		return nil, err
	}
	return libcni.ConfListFromConf(conf)
}

func describe(list *libcni.NetworkConfigList) string {
	text := fmt.Sprintf("%q %q %v", list.Name, list.CNIVersion, list.DisableCheck)
	for _, plugin := range list.Plugins {
		network, err := json.Marshal(plugin.Network)
		text += fmt.Sprintf("\n%s\n%s %v", plugin.Bytes, network, err)
	}
	return text
}

func run(cni *libcni.CNIConfig, op operation) (string, error) {
	runtime := &libcni.RuntimeConf{ContainerID: op.ID, NetNS: op.NetNS, IfName: op.IfName,
		Args: op.Args, CapabilityArgs: op.Capabilities}
	switch op.Op {
	case "write":
		return "", os.WriteFile(op.File, op.Bytes, 0o600)
	case "list":
		list, err := libcni.ConfListFromBytes(op.Bytes)
		if err != nil {
			return "", err
		}
		return describe(list), nil
	case "conf":
		conf, err := libcni.ConfFromBytes(op.Bytes)
		if err != nil {
			return "", err
		}
		list, err := libcni.ConfListFromConf(conf)
		if err != nil {
			return "", err
		}
		return describe(list) + "\n" + string(list.Bytes), nil
	case "result":
		result, err := version.NewResult(op.Version, op.Bytes)
		if err != nil {
			return "", err
		}
		result, err = result.GetAsVersion(op.To)
		if err != nil {
			return "", err
		}
		data, err := json.Marshal(result)
		return string(data), err
	}
	list, err := load(op.File)
	if err != nil {
		return "", err
	}
	switch op.Op {
	case "load":
		return describe(list), nil
	case "add":
		result, err := cni.AddNetworkList(context.Background(), list, runtime)
		if err != nil {
			return "", err
		}
		data, err := json.Marshal(result)
		return string(data), err
	case "check":
		return "", cni.CheckNetworkList(context.Background(), list, runtime)
	case "gc":
		return "", collectGarbage(cni, list, op.Valid)
	case "del":
		return "", cni.DelNetworkList(context.Background(), list, runtime)
	}
	return "", fmt.Errorf("unknown operation %q", op.Op)
}

// A panic is an answer too: containerd would have died of it.
func guarded(cni *libcni.CNIConfig, op operation) (output string, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("panic: %v", problem)
		}
	}()
	return run(cni, op)
}

func main() {
	var req request
	if err := json.NewDecoder(os.Stdin).Decode(&req); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	libcni.CacheDir = req.CacheDir
	cni := libcni.NewCNIConfig([]string{req.PluginDir}, nil)
	answers := []answer{}
	for _, op := range req.Operations {
		var a answer
		output, err := guarded(cni, op)
		a.Output = output
		if err != nil {
			a.Error = err.Error()
		}
		files, _ := filepath.Glob(filepath.Join(req.CacheDir, "results", "*"))
		for _, file := range files {
			if a.Files == nil {
				a.Files = map[string][]byte{}
			}
			if data, err := os.ReadFile(file); err == nil {
				a.Files[filepath.Base(file)] = data
			}
		}
		answers = append(answers, a)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		os.Exit(2)
	}
}
