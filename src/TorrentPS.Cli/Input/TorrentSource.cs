using TorrentPS.Engine;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Cli.Input;

/// <summary>A SOURCE as it is typed: the path of a .torrent, its http or https address, or a magnet link.</summary>
internal static class TorrentSource
{
    /// <summary>No .torrent is larger; what is larger is another kind of file.</summary>
    private const long LengthLimit = 10_000_000;

    // ERROR_INVALID_NAME: no file can be called so.
    private const int WindowsInvalidName = unchecked((int)0x8007007B);

    public static bool IsMagnet(string source) => source.StartsWith("magnet:", StringComparison.OrdinalIgnoreCase);

    public static bool IsWebAddress(string source) =>
        source.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || source.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads what a SOURCE names. Of a magnet link that is what the link itself says.</summary>
    /// <exception cref="TorrentException">There is nothing, or it is not a torrent.</exception>
    public static async Task<TorrentInfo> ReadAsync(TorrentClient client, string source, CancellationToken cancellationToken)
    {
        if (!IsWebAddress(source))
            return Read(source);
        if (!Uri.TryCreate(source, UriKind.Absolute, out Uri? uri))
            throw new TorrentException(TorrentErrorId.TorrentNotFound, "The address is not valid; check its spelling");
        return await client.GetTorrentAsync(uri, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads what a SOURCE names, with a client only where one is needed.</summary>
    /// <exception cref="TorrentException">There is nothing, or it is not a torrent.</exception>
    public static async Task<TorrentInfo> ReadAsync(string source, CancellationToken cancellationToken, TorrentClientOptions? options = null)
    {
        if (!IsWebAddress(source))
            return Read(source);
        await using var client = new TorrentClient(options);
        return await ReadAsync(client, source, cancellationToken).ConfigureAwait(false);
    }

    private static TorrentInfo Read(string source)
    {
        if (IsMagnet(source))
            return new TorrentInfo(MagnetLink.Parse(source));
        return new TorrentInfo(Torrent.Parse(ReadFile(source)), Path.GetFullPath(source));
    }

    private static byte[] ReadFile(string path)
    {
        try
        {
            if (Directory.Exists(path))
                throw new TorrentException(TorrentErrorId.TorrentNotFound, "This is a folder; give the path of a .torrent");
            if (new FileInfo(path) is { Exists: true, Length: > LengthLimit })
                throw new TorrentException(TorrentErrorId.InvalidTorrent, $"The file is larger than {LengthLimit:N0} bytes, the limit for a .torrent");
            return GivenFile.ReadAllBytes(path, LengthLimit);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException || e.HResult == WindowsInvalidName)
        {
            throw new TorrentException(TorrentErrorId.TorrentNotFound, "The file does not exist", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new TorrentException(TorrentErrorId.AccessDenied, "The file may not be read", e);
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException)
        {
            throw new TorrentException(TorrentErrorId.TorrentNotFound, $"The file cannot be read ({e.Message})", e);
        }
    }
}
