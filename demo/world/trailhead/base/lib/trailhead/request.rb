# frozen_string_literal: true

require "uri"

module Trailhead
  # A request as the handlers see it.
  class Request
    FORM_TYPE = "application/x-www-form-urlencoded"

    attr_reader :env, :route_params

    def initialize(env, route_params = {})
      @env = env
      @route_params = route_params
    end

    def verb
      env["REQUEST_METHOD"]
    end

    def path
      env["PATH_INFO"]
    end

    # header("Accept-Language") reads HTTP_ACCEPT_LANGUAGE.
    def header(name)
      env["HTTP_#{name.upcase.tr("-", "_")}"]
    end

    def body
      @body ||= env["rack.input"] ? env["rack.input"].read : ""
    end

    def query
      @query ||= parse(env["QUERY_STRING"].to_s)
    end

    def form
      @form ||= form? ? parse(body) : {}
    end

    # Everything the visitor sent. What the route matched wins over the form, which wins over the query.
    def params
      @params ||= query.merge(form, route_params)
    end

    private

    def form?
      env["CONTENT_TYPE"].to_s.start_with?(FORM_TYPE)
    end

    def parse(text)
      URI.decode_www_form(text).to_h.transform_keys(&:to_sym)
    end
  end
end
