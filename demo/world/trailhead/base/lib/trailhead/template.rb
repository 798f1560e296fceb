# frozen_string_literal: true

require "erb"

module Trailhead
  # Renders the ERB files of one folder.
  class Template
    class NotFound < Error; end

    # The object a template is evaluated in: the locals are its methods.
    class Scope
      def initialize(locals)
        locals.each { |name, value| define_singleton_method(name) { value } }
      end

      def h(text)
        ERB::Util.html_escape(text.to_s)
      end

      def scope_binding
        binding
      end
    end

    def initialize(folder)
      @folder = folder
    end

    # Renders views/name.html.erb, inside a layout where one is named. A layout calls `content`.
    def render(name, locals = {}, layout: nil)
      scope = Scope.new(locals)
      page = evaluate(name, scope)
      return page unless layout

      scope.define_singleton_method(:content) { page }
      evaluate(layout, scope)
    end

    private

    def evaluate(name, scope)
      ERB.new(source(name), trim_mode: "-").result(scope.scope_binding)
    end

    def source(name)
      path = File.join(@folder, "#{name}.html.erb")
      raise NotFound, "no template #{name} in #{@folder}" unless File.file?(path)

      File.read(path, encoding: "UTF-8")
    end
  end
end
