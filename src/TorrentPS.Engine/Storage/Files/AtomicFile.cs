using System.Security.Cryptography;
using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Storage.Files;

/// <summary>Writes small files so that nobody ever reads half of one, whatever happens meanwhile.</summary>
internal static class AtomicFile
{
    /// <summary>Writes a file: under a name of its own, flushed, then renamed.</summary>
    /// <param name="path">The full path; its folder is made when missing.</param>
    /// <param name="bytes">What goes into it.</param>
    /// <param name="overwrite">Whether a file of that name is replaced.</param>
    /// <param name="cancellationToken">Ends it, with nothing written.</param>
    /// <exception cref="TorrentException">It cannot be written, or is there already.</exception>
    public static async Task WriteAsync(string path, ReadOnlyMemory<byte> bytes, bool overwrite, CancellationToken cancellationToken)
    {
        // Not longer than a name can be, however long that of the file is.
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
