using System.Globalization;
using System.IO.Compression;
using System.Net.Sockets;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Files;

namespace TorrentPS.Engine.Net;

/// <summary>Reads IP block lists, plain or gzip, and collects their ranges. Unreadable lines block nothing and are counted.</summary>
internal sealed class AddressListReader
{
    /// <summary>The maximum number of ranges of all lists together; the largest published lists have some 300,000.</summary>
    public const int MaxRanges = 20_000_000;

    /// <summary>The maximum length of a list in bytes, decompressed.</summary>
    public const long MaxLength = 2L << 30;

    /// <summary>The maximum length of a line in bytes.</summary>
    public const int MaxLine = 8 * 1024;

    private const int BufferLength = 64 * 1024;
    private const int MaxNamedLines = 3;

    private readonly List<uint> _firstsV4 = [];
    private readonly List<uint> _lastsV4 = [];
    private readonly List<UInt128> _firstsV6 = [];
    private readonly List<UInt128> _lastsV6 = [];
    private readonly List<string> _warnings = [];

    /// <summary>For each list with unreadable lines, which lines these are.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Reads a list from a file.</summary>
    /// <exception cref="TorrentException">The file cannot be read, exceeds a limit, or has no valid line.</exception>
    public void Read(string path)
    {
        try
        {
            using FileStream file = GivenFile.Open(path);
            Read(file, path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TorrentException(TorrentErrorId.InvalidIPFilter, $"The IP block-list file '{path}' does not exist. Check the path.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new TorrentException(TorrentErrorId.InvalidIPFilter, $"The IP block-list file '{path}' cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
        catch (InvalidDataException e)
        {
            throw new TorrentException(TorrentErrorId.InvalidIPFilter, $"The IP block-list file '{path}' is damaged: the gzip data is incomplete.", e);
        }
    }

    /// <summary>Reads a list from a seekable stream.</summary>
    public void Read(Stream stream, string path)
    {
        int first = stream.ReadByte();
        bool isCompressed = first == 0x1f && stream.ReadByte() == 0x8b; // RFC 1952, 2.3.1
        stream.Position = 0;
        using GZipStream? expanded = isCompressed ? new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true) : null;
        ReadLines((Stream?)expanded ?? stream, path);
    }

    /// <summary>The ranges of both families. The reader cannot be used afterwards.</summary>
    public (AddressRanges<uint> V4, AddressRanges<UInt128> V6) ToRanges() => (
        AddressRanges<uint>.Create(AsSpan(_firstsV4), AsSpan(_lastsV4)),
        AddressRanges<UInt128>.Create(AsSpan(_firstsV6), AsSpan(_lastsV6)));

    private static Span<T> AsSpan<T>(List<T> list) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(list);

    private void ReadLines(Stream stream, string path)
    {
        byte[] buffer = new byte[BufferLength];
        var tally = new Tally();
        long length = 0;
        int used = 0;
        bool skips = false;
        int count;
        while ((count = stream.Read(buffer, used, buffer.Length - used)) > 0)
        {
            length += count;
            if (length > MaxLength)
                throw TooLarge(path, $"{MaxLength >> 20} MiB");
            used += count;
            int begin = 0;
            int end;
            while ((end = buffer.AsSpan(begin, used - begin).IndexOf((byte)'\n')) >= 0)
            {
                if (!skips)
                    Take(buffer.AsSpan(begin, end), tally, path);
                skips = false;
                begin += end + 1;
            }

            // A line that is too long is discarded.
            if (used - begin > MaxLine)
            {
                if (!skips)
                    tally.Unreadable(++tally.Lines);
                (skips, begin) = (true, used);
            }

            buffer.AsSpan(begin, used - begin).CopyTo(buffer);
            used -= begin;
        }

        if (used > 0 && !skips)
            Take(buffer.AsSpan(0, used), tally, path);
        Conclude(tally, path);
    }

    private void Take(ReadOnlySpan<byte> line, Tally tally, string path)
    {
        tally.Lines++;
        if (tally.Lines == 1 && line.StartsWith("\uFEFF"u8))
            line = line[3..];
        AddressRange range = default;
        switch (line.Length > MaxLine ? AddressLineKind.Unreadable : AddressLine.Read(line, out range))
        {
            case AddressLineKind.Blocked:
                tally.Readable++;
                Add(range, path);
                break;
            case AddressLineKind.Allowed:
                tally.Readable++;
                break;
            case AddressLineKind.Unreadable:
                tally.Unreadable(tally.Lines);
                break;
        }
    }

    private void Add(in AddressRange range, string path)
    {
        if (_firstsV4.Count + _firstsV6.Count >= MaxRanges)
            throw TooLarge(path, $"{MaxRanges:N0} ranges in all");
        if (range.Family == AddressFamily.InterNetwork)
        {
            _firstsV4.Add((uint)range.First);
            _lastsV4.Add((uint)range.Last);
        }
        else
        {
            _firstsV6.Add(range.First);
            _lastsV6.Add(range.Last);
        }
    }

    private void Conclude(Tally tally, string path)
    {
        if (tally.UnreadableCount == 0)
            return;
        if (tally.Readable == 0)
        {
            throw new TorrentException(TorrentErrorId.InvalidIPFilter,
                $"'{path}' is no IP filter: no line of it can be read, from line {tally.FirstUnreadable[0]} on. A line is name:1.2.3.4-1.2.3.9 (p2p), 1.2.3.4 - 1.2.3.9 , 100 , name (dat), an address, or one such as 1.2.3.0/24.");
        }

        string lines = string.Join(", ", tally.FirstUnreadable.Select(line => line.ToString(CultureInfo.InvariantCulture)));
        long more = tally.UnreadableCount - tally.FirstUnreadable.Count;
        _warnings.Add(tally.UnreadableCount == 1
            ? $"Line {lines} of the IP filter '{path}' cannot be read and blocks nothing."
            : $"Lines {lines}{(more > 0 ? $" and {more} more" : "")} of the IP filter '{path}' cannot be read and block nothing.");
    }

    private static TorrentException TooLarge(string path, string limit) =>
        new(TorrentErrorId.InvalidIPFilter, $"The IP filter '{path}' has more than {limit}.");

    private sealed class Tally
    {
        public long Lines { get; set; }

        public long Readable { get; set; }

        public long UnreadableCount { get; private set; }

        public List<long> FirstUnreadable { get; } = [];

        public void Unreadable(long line)
        {
            UnreadableCount++;
            if (FirstUnreadable.Count < MaxNamedLines)
                FirstUnreadable.Add(line);
        }
    }
}
