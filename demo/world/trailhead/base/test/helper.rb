# frozen_string_literal: true

$LOAD_PATH.unshift File.expand_path("../lib", __dir__)

require "minitest/autorun"
require "stringio"
require "trailhead"

FIXTURES = File.expand_path("fixtures", __dir__)

module Requests
  def request(verb, target, form: nil)
    path, query = target.split("?", 2)
    env = { "REQUEST_METHOD" => verb, "PATH_INFO" => path, "QUERY_STRING" => query.to_s }
    env["CONTENT_TYPE"] = Trailhead::Request::FORM_TYPE if form
    env["rack.input"] = StringIO.new(form.to_s)
    status, headers, body = @app.call(env)
    [status, headers, body.join]
  end
end
