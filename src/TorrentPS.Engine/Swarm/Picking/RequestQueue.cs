using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Picking;

/// <summary>The blocks that a peer has requested, in order. Its memory is reused.</summary>
internal sealed class RequestQueue
{
    private BlockRequest[] _items = [];
    private int _head;

    public int Count { get; private set; }

    /// <summary>The next block to send; there must be one.</summary>
    public ref readonly BlockRequest First => ref _items[_head];

    public void Add(BlockRequest block)
    {
        if (Count == _items.Length)
            Grow();
        _items[Slot(Count++)] = block;
    }

    public void RemoveFirst()
    {
        _head = Slot(1);
        Count--;
    }

    /// <summary>Removes a block at any position; false if it was not requested.</summary>
    public bool Remove(BlockRequest block)
    {
        for (int i = 0; i < Count; i++)
        {
            if (_items[Slot(i)] != block)
                continue;
            for (; i < Count - 1; i++)
                _items[Slot(i)] = _items[Slot(i + 1)];
            Count--;
            return true;
        }

        return false;
    }

    public void Clear() => _head = Count = 0;

    private int Slot(int index) => (_head + index) & (_items.Length - 1);

    private void Grow()
    {
        var items = new BlockRequest[Math.Max(16, _items.Length * 2)];
        for (int i = 0; i < Count; i++)
            items[i] = _items[Slot(i)];
        _items = items;
        _head = 0;
    }
}
