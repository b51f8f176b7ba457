// Package version says which Cairn this is, and says so early.
//
// The packages that Cairn is made of take longer to initialise than most
// commands take afterwards. Go initialises them in the order of their import
// paths as far as their imports allow, so this one, which needs os alone, comes
// before all the large ones: `cairn version` is answered from here.
package version

import (
	"os"
	"runtime"
)

// release is set by the release build, with -ldflags -X.
var release = "dev"

func init() {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		if _, err := os.Stdout.WriteString(Line()); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// Version returns the release, "dev" where the build is none.
func Version() string { return release }

// Line is what `cairn version` prints.
func Line() string {
	return "cairn " + Version() + " (" + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + ")\n"
}
