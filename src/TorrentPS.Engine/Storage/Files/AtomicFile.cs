using System.Security.Cryptography;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>Writes small files atomically, so that a reader never sees an incomplete one.</summary>
internal static class AtomicFile
{
    /// <summary>Writes a file: under a temporary name, flushed, then renamed.</summary>
    /// <param name="path">The full path; a missing folder is created.</param>
    /// <param name="bytes">The content.</param>
    /// <param name="overwrite">Whether to replace an existing file.</param>
    /// <param name="cancellationToken">Cancels writing; no file is left behind.</param>
    /// <exception cref="TorrentException">The file cannot be written, or already exists.</exception>
    public static async Task WriteAsync(string path, ReadOnlyMemory<byte> bytes, bool overwrite, CancellationToken cancellationToken)
    {
        // Short enough for a file name, even if the final name has the maximum length.
        string part = Path.Join(Path.GetDirectoryName(path), $".{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}.part");
        try
        {
            if (!overwrite && Path.Exists(path))
                throw Exists(path, null);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            try
            {
                FileStream stream = new(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.Asynchronous);
                await using (stream.ConfigureAwait(false))
                {
                    await stream.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
                    stream.Flush(flushToDisk: true);
                }

                Move(part, path, overwrite);
                FolderEntries.Flush(Path.GetDirectoryName(path)!);
            }
            catch
            {
                File.Delete(part);
                throw;
            }
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, path, "cannot be written");
        }
    }

    private static void Move(string part, string path, bool overwrite)
    {
        try
        {
            PatientMove.Run(part, path, overwrite);
        }
        catch (IOException e) when (!overwrite && Path.Exists(path))
        {
            throw Exists(path, e);
        }
    }

    private static TorrentException Exists(string path, Exception? cause) =>
        new(TorrentErrorId.AccessDenied, $"There is a file '{path}' already. Name another, or ask for it to be replaced.", cause);
}
