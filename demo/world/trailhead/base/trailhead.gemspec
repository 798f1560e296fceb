# frozen_string_literal: true

require_relative "lib/trailhead/version"

Gem::Specification.new do |spec|
  spec.name = "trailhead"
  spec.version = Trailhead::VERSION
  spec.summary = "A small web framework: router, middleware, templates"
  spec.authors = ["The Trailhead maintainers"]
  spec.homepage = "https://trailhead.example"
  spec.license = "MIT"
  spec.required_ruby_version = ">= 3.1"

  spec.files = Dir["lib/**/*.rb", "README.md", "CHANGELOG.md"]
  spec.require_paths = ["lib"]

  spec.add_development_dependency "minitest", "~> 5.17"
  spec.add_development_dependency "rake", "~> 13.0"
end
