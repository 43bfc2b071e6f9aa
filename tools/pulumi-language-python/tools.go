//go:build tools

// Package tools pins Pulumi's Python language host. The host is built from this module if Pulumi's installation
// does not contain it. The module is separate because the CLI needs another version of the same SDK.
package tools

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
