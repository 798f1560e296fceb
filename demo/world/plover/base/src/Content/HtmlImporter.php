<?php

declare(strict_types=1);

namespace Plover\Content;

/** Makes pages out of a folder of HTML files. */
final class HtmlImporter
{
    public function __construct(private readonly PageRepository $pages)
    {
    }

    /** @return list<Page> */
    public function import(string $folder): array
    {
        $imported = [];
        foreach (scandir($folder) as $name) {
            if (!str_ends_with($name, '.html')) {
                continue;
            }
            $html = file_get_contents("$folder/$name");
            $stem = substr($name, 0, -5);
            $title = $this->between($html, 'title') ?? $stem;
            $body = $this->between($html, 'body') ?? $html;
            $imported[] = $this->pages->save(new Page(null, null, Slug::from($stem), $title, trim($body)));
        }

        return $imported;
    }

    private function between(string $html, string $tag): ?string
    {
        if (!preg_match("#<{$tag}[^>]*>(.*?)</$tag>#is", $html, $match)) {
            return null;
        }

        return $match[1];
    }
}
