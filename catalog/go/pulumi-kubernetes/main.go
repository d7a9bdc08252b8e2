// Pulumi's Kubernetes plug-in: its own provider, served with the schema that its module carries.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

// The build puts both files here, out of the module.

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraform []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, terraform)
}
