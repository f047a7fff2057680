"""The space of graphs: operations, links, genotypes, their values on rows and their formula."""
