<?php

declare(strict_types=1);

namespace Plover\Theme;

use RuntimeException;

/** Renders the templates of one theme. */
final class Renderer
{
    /** @param array<string, mixed> $globals variables that every template has */
    public function __construct(
        private readonly string $folder,
        private readonly string $theme,
        private readonly array $globals = [],
    ) {
    }

    /**
     * A template inside the layout of the theme.
     *
     * @param array<string, mixed> $data
     */
    public function render(string $template, array $data = []): string
    {
        $content = $this->capture($template, $data);

        return $this->capture('layout', ['content' => $content] + $data);
    }

    /** @param array<string, mixed> $data */
    private function capture(string $template, array $data): string
    {
        $file = "$this->folder/$this->theme/$template.html.php";
        if (!is_file($file)) {
            throw new RuntimeException("The theme $this->theme has no template $template");
        }
        $show = static function (string $__file, array $__data): void {
            $e = static fn (mixed $text): string => htmlspecialchars((string) $text, ENT_QUOTES);
            extract($__data, EXTR_SKIP);
            include $__file;
        };
        ob_start();
        $show($file, $data + $this->globals);

        return (string) ob_get_clean();
    }
}
