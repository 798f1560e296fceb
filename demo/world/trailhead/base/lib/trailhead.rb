# frozen_string_literal: true

# Trailhead: a small web framework.
module Trailhead
  class Error < StandardError; end
end

require_relative "trailhead/version"
require_relative "trailhead/router"
require_relative "trailhead/request"
require_relative "trailhead/response"
require_relative "trailhead/template"
require_relative "trailhead/stack"
require_relative "trailhead/static"
require_relative "trailhead/context"
require_relative "trailhead/application"
