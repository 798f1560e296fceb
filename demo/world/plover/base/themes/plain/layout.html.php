<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title><?= $e($title) ?> - <?= $e($siteName) ?></title>
  <link rel="stylesheet" href="/assets/plain.css">
</head>
<body>
  <header>
    <a href="/"><?= $e($siteName) ?></a>
    <nav>
      <?php foreach ($menu as $item): ?>
        <a href="/<?= $e($item['page']->slug) ?>"><?= $e($item['page']->title) ?></a>
      <?php endforeach ?>
    </nav>
  </header>
  <main>
    <?= $content ?>
  </main>
</body>
</html>
