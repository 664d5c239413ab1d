//go:build tools

// Names the command that is built, so that go.mod and go.sum hold what it needs.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
