# frozen_string_literal: true

require "trailhead"

Entry = Struct.new(:name, :message, :at)
ENTRIES = [] # rubocop:disable Style/MutableConstant

Guestbook = Trailhead::Application.new(views: File.join(__dir__, "views")) do
  use Trailhead::Static, root: File.join(__dir__, "public")

  get "/" do
    render "index", entries: ENTRIES.last(50).reverse
  end

  post "/entries" do |request|
    name, message = request.params.values_at(:name, :message).map { |text| text.to_s.strip }
    halt 422, "Please fill in both fields" if name.empty? || message.empty?

    ENTRIES << Entry.new(name, message, Time.now)
    redirect "/"
  end
end
