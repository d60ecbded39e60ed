using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Storage.Records;

/// <summary>
/// Records of torrents whose data is complete on this machine, with their references to torrents that have some of the same files (BEP 38), so that another torrent finds
/// the data. They are only hints: data found by them is verified before it is used.
/// </summary>
internal sealed class LocalTorrents(string stateFolder)
{
    private const string Extension = ".local";
    private const int NameDigits = 16;
    private const int MaxNotes = 10_000;
    private const int MaxFound = 20;
    private const int MaxLength = 64 << 10;

    private static readonly TimeSpan s_lifetime = TimeSpan.FromDays(400);

    private readonly string _folder = Path.Join(stateFolder, "torrents");

    /// <summary>Records that a torrent's data is complete.</summary>
    /// <exception cref="TorrentException">The record could not be written (AccessDenied, DiskFull).</exception>
    public void Save(Torrent torrent, string dataPath, DateTime now)
    {
        string path = Path.Join(_folder, $"{torrent.InfoHash}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataPath)))[..NameDigits]}{Extension}");
        string temporary = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}.tmp";
        try
        {
            Directory.CreateDirectory(_folder);
            ControlFile.Write(path, temporary, Encode(torrent, dataPath), flush: false);
            foreach (FileInfo file in new DirectoryInfo(_folder).EnumerateFiles().Take(MaxNotes))
            {
                if (file.LastWriteTimeUtc < now - s_lifetime)
                    file.Delete();
            }
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            throw DiskErrors.From(e, path, "cannot be written");
        }
    }

    /// <summary>The data of torrents that this torrent declares similar, that declare it similar, or that are in one of its collections; the newest first.</summary>
    public IReadOnlyList<string> FindSimilar(Torrent torrent)
    {
        List<(string DataPath, DateTime Time)> found = [];
        try
        {
            DirectoryInfo folder = new(_folder);
            if (!folder.Exists)
                return [];
            foreach (FileInfo file in folder.EnumerateFiles($"*{Extension}").Take(MaxNotes))
            {
                if (TryRead(file.FullName) is { } note && Decode(note, torrent) is { } dataPath)
                    found.Add((dataPath, file.LastWriteTimeUtc));
            }
        }
        catch (Exception e) when (DiskErrors.IsDiskError(e))
        {
            // An unreadable record is ignored.
        }

        return [.. found.OrderByDescending(one => one.Time).Select(one => one.DataPath).Distinct().Take(MaxFound)];
    }

    private static byte[]? TryRead(string path)
    {
        try
        {
            return ControlFile.Read(path, MaxLength);
        }
        catch (TorrentException)
        {
            return null; // anything but a file is not a record, and does not affect the others
        }
    }

    private static byte[] Encode(Torrent torrent, string dataPath)
    {
        ArrayBufferWriter<byte> bytes = new();
        BencodeWriter writer = new(bytes);
        writer.WriteStartDictionary();
        writer.WriteKey("collections"u8);
        writer.WriteStartList();
        foreach (string collection in torrent.Collections)
            writer.WriteString(collection);
        writer.WriteEndList();
        writer.WriteKey("hashes"u8);
        writer.WriteStartList();
        if (torrent.InfoHash.HasV1)
            writer.WriteString(torrent.InfoHash.V1);
        if (torrent.InfoHash.HasV2)
            writer.WriteString(torrent.InfoHash.V2);
        writer.WriteEndList();
        writer.WriteKey("path"u8);
        writer.WriteString(dataPath);
        writer.WriteKey("similar"u8);
        writer.WriteStartList();
        foreach (InfoHash hash in torrent.Similar)
            writer.WriteString(hash.HasV1 ? hash.V1 : hash.V2);
        writer.WriteEndList();
        writer.WriteEndDictionary();
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>The path of the data in a record, if its torrent is similar.</summary>
    private static string? Decode(byte[] note, Torrent torrent)
    {
        MetainfoHints hints = new(), own = new();
        string? dataPath = null;
        try
        {
            BencodeReader reader = new(note);
            reader.Read();
            if (reader.TokenType != BencodeTokenType.StartDictionary)
                return null;
            while (reader.Read() && reader.TokenType == BencodeTokenType.Key)
            {
                if (reader.ValueIsKey("collections"u8))
                    hints.ReadCollections(ref reader);
                else if (reader.ValueIsKey("hashes"u8))
                    own.ReadSimilar(ref reader);
                else if (reader.ValueIsKey("similar"u8))
                    hints.ReadSimilar(ref reader);
                else if (reader.ValueIsKey("path"u8))
                    dataPath = MetainfoToken.OptionalString(ref reader) is { } path ? Encoding.UTF8.GetString(note, path.Start, path.Length) : null;
                else
                    reader.Skip();
            }
        }
        catch (BencodeException)
        {
            return null;
        }

        bool isSimilar = own.Similar.Any(hash => torrent.Similar.Any(named => AreSame(hash, named)))
            || hints.Similar.Any(hash => IsOf(torrent.InfoHash, hash))
            || hints.Collections.Any(torrent.Collections.Contains);
        // Not the torrent itself: a repeated download of it must really download it.
        return isSimilar && !own.Similar.Any(hash => IsOf(torrent.InfoHash, hash)) && dataPath is not null && Path.IsPathFullyQualified(dataPath) ? dataPath : null;
    }

    private static bool IsOf(InfoHash whole, InfoHash hash) =>
        hash.HasV1 ? whole.V1.SequenceEqual(hash.V1) || whole.V2.StartsWith(hash.V1) : whole.V2.SequenceEqual(hash.V2);

    /// <summary>A hash of 20 bytes may be a truncated hash of 32.</summary>
    private static bool AreSame(InfoHash a, InfoHash b) => a.Wire.SequenceEqual(b.Wire) && (a.HasV1 || b.HasV1 || a.V2.SequenceEqual(b.V2));
}
