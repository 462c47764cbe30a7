"""The line to the shop's clerk, who is in the cloud; a machine sells just as well without."""
