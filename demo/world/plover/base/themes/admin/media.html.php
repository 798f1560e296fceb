<form method="post" enctype="multipart/form-data" action="/admin/media">
  <input type="file" name="file" required>
  <button>Upload</button>
</form>
<div class="media">
  <?php foreach ($names as $name): ?>
    <div class="card" onclick="location.href='/media/<?= $e(rawurlencode($name)) ?>'">
      <img src="/media/<?= $e(rawurlencode($name)) ?>">
      <span><?= $e($name) ?></span>
    </div>
  <?php endforeach ?>
</div>
