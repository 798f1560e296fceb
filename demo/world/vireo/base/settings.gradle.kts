rootProject.name = "vireo"
