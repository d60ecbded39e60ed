namespace TorrentPS.Engine.Storage;

/// <summary>Takes ranges of bytes from consecutive buffers, without copying.</summary>
internal struct BufferCursor
{
    private readonly IReadOnlyList<ReadOnlyMemory<byte>> _buffers;
    private int _index;
    private int _offset;

    public BufferCursor(IReadOnlyList<ReadOnlyMemory<byte>> buffers)
    {
        _buffers = buffers;
        long length = 0;
        for (int i = 0; i < buffers.Count; i++)
            length += buffers[i].Length;
        Length = length;
    }

    /// <summary>The total number of bytes in the buffers.</summary>
    public long Length { get; }

    /// <summary>Skips bytes.</summary>
    public void Skip(int length)
    {
        while (length > 0)
        {
            int step = Math.Min(length, _buffers[_index].Length - _offset);
            Advance(step);
            length -= step;
        }
    }

    /// <summary>Takes the next bytes; without allocating if they are the content of all buffers.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Take(int length)
    {
        if (length == Length)
            return _buffers;
        List<ReadOnlyMemory<byte>> taken = [];
        while (length > 0)
        {
            int step = Math.Min(length, _buffers[_index].Length - _offset);
            if (step > 0)
                taken.Add(_buffers[_index].Slice(_offset, step));
            Advance(step);
            length -= step;
        }

        return taken;
    }

    private void Advance(int step)
    {
        _offset += step;
        if (_offset < _buffers[_index].Length)
            return;
        _index++;
        _offset = 0;
    }
}
