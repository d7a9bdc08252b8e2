// Pulumi's Kubernetes plug-in: its own provider, served with the schema that its module carries.
package main

import (
	_ "embed"
	"os"
	"time"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

// The build puts both files here, out of the module.

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraform []byte

func main() {
	go endWithParent(os.Getppid())
	provider.Serve("kubernetes", version.Version, schema, terraform)
}

// A plug-in whose engine was killed looks for it every five minutes (rpcutil.Healthcheck); until then it would go on
// with a release that the next run takes over.
func endWithParent(parent int) {
	for os.Getppid() == parent {
		time.Sleep(500 * time.Millisecond)
	}
	os.Exit(1)
}
