# frozen_string_literal: true

require_relative "helper"

class TemplateTest < Minitest::Test
  def setup
    @templates = Trailhead::Template.new(File.join(FIXTURES, "views"))
  end

  def test_locals_are_escaped
    assert_equal "<p>Hello &lt;b&gt;</p>\n", @templates.render("hello", { name: "<b>" })
  end

  def test_a_layout
    page = @templates.render("hello", { name: "Ada" }, layout: "site")
    assert_equal "<main>\n<p>Hello Ada</p>\n</main>\n", page
  end

  def test_a_missing_template
    error = assert_raises(Trailhead::Template::NotFound) { @templates.render("gone") }
    assert_match(/no template gone/, error.message)
  end
end
