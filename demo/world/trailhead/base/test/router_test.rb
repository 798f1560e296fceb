# frozen_string_literal: true

require_relative "helper"

class RouterTest < Minitest::Test
  def setup
    @router = Trailhead::Router.new
  end

  def test_a_fixed_path
    @router.add("GET", "/trails", :index)
    assert_equal :index, @router.find("GET", "/trails").handler
    assert_nil @router.find("POST", "/trails")
    assert_nil @router.find("GET", "/trails/7")
  end

  def test_parameters
    @router.add("GET", "/trails/:region/:name", :show)
    match = @router.find("GET", "/trails/north/ridge")
    assert_equal({ region: "north", name: "ridge" }, match.params)
  end

  def test_the_first_declared_route_wins
    @router.add("GET", "/trails/:id", :show)
    @router.add("GET", "/trails/new", :form)
    assert_equal :show, @router.find("GET", "/trails/new").handler
  end

  def test_the_root
    @router.add("GET", "/", :home)
    assert_equal :home, @router.find("GET", "/").handler
  end
end
