"""Events: deployments, changes and restarts, entered by people or found in the samples."""
