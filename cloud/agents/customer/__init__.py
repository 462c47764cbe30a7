"""The clerk of a machine: answers customers, takes their wishes and complaints, and grants what the guard allows."""
