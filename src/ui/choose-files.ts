/** Open the browser's file dialog for files, one file, or a folder; empty if the user cancels. */
export function chooseFiles(
  what: 'file' | 'files' | 'folder'
): Promise<File[]> {
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = what !== 'file';
  input.webkitdirectory = what === 'folder';
  return new Promise(resolve => {
    input.addEventListener('change', () => resolve([...(input.files ?? [])]));
    input.addEventListener('cancel', () => resolve([]));
    input.click();
  });
}
