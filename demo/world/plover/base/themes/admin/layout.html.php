<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title><?= $e($title) ?> - <?= $e($siteName) ?> admin</title>
  <link rel="stylesheet" href="/assets/admin.css">
</head>
<body>
  <nav>
    <a href="/admin/pages">Pages</a>
    <a href="/admin/media">Media</a>
  </nav>
  <main>
    <h1><?= $e($title) ?></h1>
    <?= $content ?>
  </main>
</body>
</html>
