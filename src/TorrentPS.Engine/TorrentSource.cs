using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine;

/// <summary>A SOURCE argument: the path of a .torrent, its http or https address, or a magnet link.</summary>
public static class TorrentSource
{
    /// <summary>Whether it is a magnet link, by its form.</summary>
    /// <param name="source">The SOURCE.</param>
    public static bool IsMagnet(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.StartsWith("magnet:", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether it is a web address, by its form.</summary>
    /// <param name="source">The SOURCE.</param>
    public static bool IsWebAddress(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || source.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Reads the torrent of a SOURCE. For a magnet link, only what the link contains.</summary>
    /// <param name="client">Reads web addresses.</param>
    /// <param name="source">The SOURCE.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="TorrentException">The torrent does not exist, or the data is not a torrent.</exception>
    public static async Task<TorrentInfo> ReadAsync(TorrentClient client, string source, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (!IsWebAddress(source))
            return Read(source);
        if (!Uri.TryCreate(source, UriKind.Absolute, out Uri? uri))
            throw new TorrentException(TorrentErrorId.TorrentNotFound, "The address is not valid; check its spelling");
        return await client.GetTorrentAsync(uri, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the torrent of a SOURCE, creating a client only if necessary.</summary>
    /// <param name="source">The SOURCE.</param>
    /// <param name="options">The client's options; null means the defaults.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="TorrentException">The torrent does not exist, or the data is not a torrent.</exception>
    public static async Task<TorrentInfo> ReadAsync(string source, TorrentClientOptions? options, CancellationToken cancellationToken)
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
        return new TorrentInfo(ReadFile(source), Path.GetFullPath(source));
    }

    private static Torrent ReadFile(string path)
    {
        try
        {
            return Directory.Exists(path)
                ? throw new TorrentException(TorrentErrorId.TorrentNotFound, "This is a folder; give the path of a .torrent")
                : TorrentFileReader.Read(path);
        }
        catch (Exception e) when (TorrentFileReader.IsMissing(e))
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
