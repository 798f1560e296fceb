module quillworks.example/marlin

go 1.19
