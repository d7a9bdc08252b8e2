"""The launcher of Pulumi's dynamic providers, standing in for the official one."""
