# frozen_string_literal: true

module Trailhead
  VERSION = "0.2.0"
end
