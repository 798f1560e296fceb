# frozen_string_literal: true

module Trailhead
  # An application: its routes, its middleware and its templates. Any Rack server can run it.
  class Application
    attr_reader :router, :templates

    def initialize(views: "views", &setup)
      @router = Router.new
      @templates = Template.new(views)
      @stack = Stack.new
      instance_eval(&setup) if setup
    end

    Router::VERBS.each do |verb|
      define_method(verb.downcase) { |path, &handler| router.add(verb, path, handler) }
    end

    def use(middleware, **options)
      @stack.use(middleware, **options)
    end

    def call(env)
      @app ||= @stack.build(method(:dispatch))
      @app.call(env)
    end

    private

    def dispatch(env)
      match = router.find(env["REQUEST_METHOD"], env["PATH_INFO"])
      return Response.new(404, {}, "Not found").finish unless match

      request = Request.new(env, match.params)
      Context.new(templates, request).run(match.handler).finish
    end
  end
end
