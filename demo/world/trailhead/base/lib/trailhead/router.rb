# frozen_string_literal: true

module Trailhead
  # Maps a request method and a path to a handler.
  class Router
    Route = Struct.new(:verb, :pattern, :keys, :handler)
    Match = Struct.new(:handler, :params)

    VERBS = %w[GET POST PUT PATCH DELETE].freeze

    def initialize
      @routes = []
    end

    # Declares a route. Parts such as ":id" match one path segment and become parameters.
    def add(verb, path, handler)
      raise ArgumentError, "no handler for #{verb} #{path}" unless handler

      pattern, keys = compile(path)
      @routes << Route.new(verb, pattern, keys, handler)
      self
    end

    # The first declared route that fits, with its parameters, or nil.
    def find(verb, path)
      @routes.each do |route|
        next unless route.verb == verb

        matched = route.pattern.match(path)
        return Match.new(route.handler, route.keys.zip(matched.captures).to_h) if matched
      end
      nil
    end

    private

    def compile(path)
      keys = []
      parts = path.split("/").reject(&:empty?).map do |part|
        next Regexp.escape(part) unless part.start_with?(":")

        keys << part.delete_prefix(":").to_sym
        "([^/]+)"
      end
      [%r{\A/#{parts.join("/")}\z}, keys]
    end
  end
end
