# frozen_string_literal: true

module Trailhead
  # The middleware in front of an application, outermost first.
  class Stack
    def initialize
      @layers = []
    end

    def use(middleware, **options)
      @layers << [middleware, options]
      self
    end

    # Wraps the endpoint into every layer.
    def build(endpoint)
      @layers.reverse.reduce(endpoint) do |app, (middleware, options)|
        options.empty? ? middleware.new(app) : middleware.new(app, **options)
      end
    end
  end
end
