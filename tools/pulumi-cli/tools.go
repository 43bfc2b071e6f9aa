//go:build tools

// Package tools pins the Pulumi CLI, which is built from here where it cannot be downloaded.
// The version must be that of the Pulumi SDK in requirements/dev.in.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
