# frozen_string_literal: true

module Trailhead
  # What `self` is inside a route's block.
  class Context
    attr_reader :request

    def initialize(templates, request)
      @templates = templates
      @request = request
    end

    # Runs a handler; a plain string becomes an HTML page.
    def run(handler)
      result = catch(:halt) { instance_exec(request, &handler) }
      result.is_a?(Response) ? result : Response.html(result.to_s)
    end

    def render(name, layout: nil, **locals)
      Response.html(@templates.render(name, locals, layout: layout))
    end

    def json(value, status: 200)
      Response.json(value, status: status)
    end

    def redirect(location, status: 302)
      throw :halt, Response.redirect(location, status: status)
    end

    def halt(status, body = "")
      throw :halt, Response.new(status, {}, body)
    end
  end
end
