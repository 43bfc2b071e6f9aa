//go:build tools

// Package tools pins the Pulumi CLI. The CLI is built from this module if it cannot be downloaded.
// The version must equal the version of the Pulumi SDK in requirements/dev.in.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
