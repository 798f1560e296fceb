# frozen_string_literal: true

require "json"

module Trailhead
  # What goes back to the visitor.
  class Response
    attr_accessor :status, :body
    attr_reader :headers

    def self.html(body, status: 200)
      new(status, { "content-type" => "text/html; charset=utf-8" }, body)
    end

    def self.json(value, status: 200)
      new(status, { "content-type" => "application/json" }, JSON.generate(value))
    end

    def self.redirect(location, status: 302)
      new(status, { "location" => location }, "")
    end

    def initialize(status = 200, headers = {}, body = "")
      @status = status
      @headers = headers
      @body = body
    end

    # The response as a Rack server wants it.
    def finish
      headers["content-type"] ||= "text/plain; charset=utf-8"
      headers["content-length"] = body.length.to_s
      [status, headers, [body]]
    end
  end
end
