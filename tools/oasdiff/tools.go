//go:build tools

// Package tools pins oasdiff, which finds breaking changes of the API in docs/openapi.json.
package tools

import _ "github.com/oasdiff/oasdiff"
