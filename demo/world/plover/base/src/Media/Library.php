<?php

declare(strict_types=1);

namespace Plover\Media;

/** The uploaded files, all in one folder. */
final class Library
{
    public function __construct(private readonly string $folder)
    {
    }

    /** @return list<string> the newest first */
    public function names(): array
    {
        $files = array_filter(glob("$this->folder/*") ?: [], is_file(...));
        usort($files, fn (string $a, string $b) => filemtime($b) <=> filemtime($a));

        return array_map(basename(...), $files);
    }

    /** Where a file lies, or null if there is no file of this name. */
    public function path(string $name): ?string
    {
        $path = $this->folder . '/' . basename($name);

        return is_file($path) ? $path : null;
    }

    /** Takes a file into the library, under a name that is still free. */
    public function add(string $temporary, string $name): string
    {
        $info = pathinfo(preg_replace('/[^\w.-]+/', '-', basename($name)));
        $suffix = isset($info['extension']) ? ".{$info['extension']}" : '';
        $free = $info['filename'] . $suffix;
        for ($i = 2; is_file("$this->folder/$free"); $i++) {
            $free = "{$info['filename']}-$i$suffix";
        }
        rename($temporary, "$this->folder/$free");

        return $free;
    }
}
