# frozen_string_literal: true

require_relative "helper"

class ApplicationTest < Minitest::Test
  include Requests

  def setup
    @app = Trailhead::Application.new(views: File.join(FIXTURES, "views")) do
      get("/hello/:name") { |request| render "hello", name: request.params[:name] }
      get("/search") { |request| json({ for: request.params[:q] }) }
      get("/secret") { halt 403, "Not for you" }
      post("/notes") { |request| redirect "/notes/#{request.params[:slug]}" }
    end
  end

  def test_a_page
    status, headers, body = request("GET", "/hello/Ada")
    assert_equal 200, status
    assert_equal "text/html; charset=utf-8", headers["content-type"]
    assert_equal "<p>Hello Ada</p>\n", body
  end

  def test_the_query
    assert_equal '{"for":"ridge walk"}', request("GET", "/search?q=ridge+walk").last
  end

  def test_a_form_and_a_redirect
    status, headers, = request("POST", "/notes", form: "slug=first")
    assert_equal 302, status
    assert_equal "/notes/first", headers["location"]
  end

  def test_halt
    assert_equal [403, "Not for you"], request("GET", "/secret").values_at(0, 2)
  end

  def test_not_found
    assert_equal 404, request("GET", "/nowhere").first
  end
end
