# frozen_string_literal: true

module Trailhead
  # Middleware: answers requests for the files of a folder and passes everything else on.
  class Static
    TYPES = {
      ".css" => "text/css; charset=utf-8",
      ".html" => "text/html; charset=utf-8",
      ".js" => "text/javascript; charset=utf-8",
      ".png" => "image/png",
      ".svg" => "image/svg+xml",
      ".txt" => "text/plain; charset=utf-8"
    }.freeze

    def initialize(app, root:)
      @app = app
      @root = File.expand_path(root)
    end

    def call(env)
      file = file_for(env["PATH_INFO"]) if env["REQUEST_METHOD"] == "GET"
      file ? serve(file) : @app.call(env)
    end

    private

    def file_for(path)
      full = File.expand_path(File.join(@root, path))
      full if full.start_with?("#{@root}/") && File.file?(full)
    end

    def serve(file)
      body = File.binread(file)
      type = TYPES.fetch(File.extname(file), "application/octet-stream")
      [200, { "content-type" => type, "content-length" => body.bytesize.to_s }, [body]]
    end
  end
end
