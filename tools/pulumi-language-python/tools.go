//go:build tools

// Package tools pins Pulumi's Python language host, which is built from here where Pulumi's own installation does not
// have it. It is a module of its own because the CLI needs another version of the same SDK.
package tools

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
