<form method="post" action="/admin/pages/<?= $e($page->id ?? 'new') ?>">
  <label>Title <input name="title" value="<?= $e($page->title) ?>" required></label>
  <label>Address <input name="slug" value="<?= $e($page->slug) ?>"></label>
  <label>Text <textarea name="body" rows="24"><?= $e($page->body) ?></textarea></label>
  <button>Save</button>
</form>
